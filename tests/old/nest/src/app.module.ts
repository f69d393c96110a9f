import { Controller, Get, Module } from "@nestjs/common";
import { JwtModule } from "@nestjs/jwt";
import { MongooseModule } from "@nestjs/mongoose";
import { AuthController } from "./auth.js";
import { NotesController } from "./notes.js";
import { QuizController } from "./quizzes.js";
import { models } from "./schemas.js";
import { StudySessionsController } from "./sessions.js";

const { JWT_SECRET, MONGODB_URI } = process.env;
if (!JWT_SECRET || !MONGODB_URI) {
  throw new Error("JWT_SECRET and MONGODB_URI must be set");
}

@Controller("health")
class HealthController {
  @Get()
  health() {
    return { status: "ok" };
  }
}

@Module({
  imports: [
    MongooseModule.forRoot(MONGODB_URI),
    MongooseModule.forFeature(models),
    JwtModule.register({ secret: JWT_SECRET, signOptions: { expiresIn: "7d" } }),
  ],
  controllers: [AuthController, HealthController, NotesController, QuizController, StudySessionsController],
})
export class AppModule {}
